/* Templates of the simulated cluster's objects, modelled on what an EKS API server answers, managedFields included. */
#include "sim/kube_text.h"

#include <stdlib.h>

#define CONTAINER                                                                                                      \
	"'containers':[{'name':'$k','image':'$i','ports':[{'name':'http','containerPort':$p,'protocol':'TCP'},"        \
	"{'name':'metrics','containerPort':9090,'protocol':'TCP'}],'envFrom':[{'configMapRef':{'name':'$k-config',"    \
	"'optional':true}}],'env':[{'name':'POD_NAME','valueFrom':{'fieldRef':{'apiVersion':'v1','fieldPath':"         \
	"'metadata.name'}}},{'name':'POD_NAMESPACE','valueFrom':{'fieldRef':{'apiVersion':'v1','fieldPath':"           \
	"'metadata.namespace'}}},{'name':'NODE_NAME','valueFrom':{'fieldRef':{'apiVersion':'v1','fieldPath':"          \
	"'spec.nodeName'}}},{'name':'OTEL_SERVICE_NAME','value':'$k'},{'name':'OTEL_EXPORTER_OTLP_ENDPOINT','value':"  \
	"'http://otel-collector.observability.svc.cluster.local:4317'},{'name':'OTEL_RESOURCE_ATTRIBUTES','value':"    \
	"'deployment.environment=production,k8s.cluster.name=$K'},{'name':'GOMAXPROCS','valueFrom':"                   \
	"{'resourceFieldRef':{'resource':'limits.cpu','divisor':'0'}}}$E],'resources':{'limits':{'cpu':'2','memory':"  \
	"'$m'},'requests':{'cpu':'$fm','memory':'$m'}},'volumeMounts':[$M],'livenessProbe':{'httpGet':{'path':"        \
	"'/livez','port':'http','scheme':'HTTP'},'initialDelaySeconds':10,'timeoutSeconds':2,'periodSeconds':10,"      \
	"'successThreshold':1,'failureThreshold':6},'readinessProbe':{'httpGet':{'path':'/readyz','port':'http',"      \
	"'scheme':'HTTP'},'initialDelaySeconds':3,'timeoutSeconds':2,'periodSeconds':5,'successThreshold':1,"          \
	"'failureThreshold':3},'lifecycle':{'preStop':{'exec':{'command':['/bin/sleep','10']}}},"                      \
	"'terminationMessagePath':'/dev/termination-log','terminationMessagePolicy':'File','imagePullPolicy':"         \
	"'IfNotPresent','securityContext':{'capabilities':{'drop':['ALL']},'runAsNonRoot':true,"                       \
	"'readOnlyRootFilesystem':true,'allowPrivilegeEscalation':false}}]"

#define POD_SETTINGS                                                                                                   \
	"'restartPolicy':'$w','terminationGracePeriodSeconds':30,'dnsPolicy':'ClusterFirst','serviceAccountName':'$S'" \
	","                                                                                                            \
	"'serviceAccount':'$S',$F'securityContext':{'runAsUser':10001,'runAsGroup':10001,'fsGroup':10001,"             \
	"'seccompProfile':{'type':'RuntimeDefault'}},'affinity':{'podAntiAffinity':"                                   \
	"{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':100,'podAffinityTerm':{'labelSelector':"        \
	"{'matchLabels':{'app.kubernetes.io/name':'$k'}},'topologyKey':'kubernetes.io/hostname'}}]}},"                 \
	"'schedulerName':'default-scheduler'"

#define POD_TEMPLATE                                                                                                   \
	"'template':{'metadata':{'creationTimestamp':null,'labels':{'app.kubernetes.io/component':'$d',"               \
	"'app.kubernetes.io/instance':'$a','app.kubernetes.io/name':'$k'},'annotations':{'prometheus.io/port':'9090'," \
	"'prometheus.io/scrape':'true'}},'spec':{'volumes':[$v]," CONTAINER "," POD_SETTINGS "}}"

#define SELECTOR "'selector':{'matchLabels':{'app.kubernetes.io/instance':'$a','app.kubernetes.io/name':'$k'}}"

static const char *const texts[TEXT_COUNT] = {
	[TEXT_POD_HEAD] =
		"'annotations':{'prometheus.io/port':'9090','prometheus.io/scrape':'true',"
		"'cluster-autoscaler.kubernetes.io/safe-to-evict':'true'},'ownerReferences':[{'apiVersion':'$W',"
		"'kind':'$Z','name':'$o','uid':'$O','controller':true,'blockOwnerDeletion':true}],",
	[TEXT_POD_MANAGED] =
		"'managedFields':[{'manager':'kube-controller-manager','operation':'Update','apiVersion':'v1','time':'$"
		"c',"
		"'fieldsType':'FieldsV1','fieldsV1':{'f:metadata':{'f:annotations':{'.':{},"
		"'f:cluster-autoscaler.kubernetes.io/safe-to-evict':{},'f:prometheus.io/port':{},'f:prometheus.io/"
		"scrape':{}},"
		"'f:generateName':{},'f:labels':{'.':{},'f:app.kubernetes.io/component':{},'f:app.kubernetes.io/"
		"instance':{},"
		"'f:app.kubernetes.io/name':{},'f:pod-template-hash':{}},'f:ownerReferences':{'.':{},"
		"'k:{\\'uid\\':\\'$O\\'}':{}}},'f:spec':{'f:affinity':{'.':{},'f:podAntiAffinity':{}},'f:containers':"
		"{'k:{\\'name\\':\\'$k\\'}':{'.':{},'f:env':{'.':{},'k:{\\'name\\':\\'GOMAXPROCS\\'}':{'.':{},'f:name':"
		"{},"
		"'f:valueFrom':{'.':{},'f:resourceFieldRef':{}}},'k:{\\'name\\':\\'OTEL_SERVICE_NAME\\'}':{'.':{},'f:"
		"name':{},"
		"'f:value':{}}},'f:envFrom':{},'f:image':{},'f:imagePullPolicy':{},'f:lifecycle':{'.':{},'f:preStop':{}"
		"},"
		"'f:livenessProbe':{'.':{},'f:failureThreshold':{},'f:httpGet':{},'f:periodSeconds':{}},'f:name':{},'f:"
		"ports':"
		"{'.':{},'k:{\\'containerPort\\':$p,\\'protocol\\':\\'TCP\\'}':{'.':{},'f:containerPort':{},'f:name':{}"
		","
		"'f:protocol':{}}},'f:readinessProbe':{'.':{},'f:failureThreshold':{},'f:httpGet':{},'f:periodSeconds':"
		"{}},"
		"'f:resources':{'.':{},'f:limits':{},'f:requests':{}},'f:securityContext':{},'f:volumeMounts':{'.':{},"
		"'k:{\\'mountPath\\':\\'/etc/"
		"$k\\'}':{'.':{},'f:mountPath':{},'f:name':{},'f:readOnly':{}}}}},'f:dnsPolicy':{},"
		"'f:restartPolicy':{},'f:schedulerName':{},'f:securityContext':{},'f:serviceAccountName':{},"
		"'f:terminationGracePeriodSeconds':{},'f:volumes':{'.':{},'k:{\\'name\\':\\'config\\'}':{'.':{},'f:"
		"configMap':{},"
		"'f:name':{}}}}}},{'manager':'kubelet','operation':'Update','apiVersion':'v1','time':'$y','fieldsType':"
		"'FieldsV1','fieldsV1':{'f:status':{'f:conditions':{'k:{\\'type\\':\\'Ready\\'}':{'.':{},'f:"
		"lastProbeTime':{},"
		"'f:lastTransitionTime':{},'f:status':{},'f:type':{}}},'f:containerStatuses':{},'f:hostIP':{},'f:phase'"
		":{},"
		"'f:podIP':{},'f:podIPs':{'.':{},'k:{\\'ip\\':\\'$I\\'}':{'.':{},'f:ip':{}}},'f:startTime':{}}},'"
		"subresource':"
		"'status'}]",
	[TEXT_POD_SPEC] =
		",'spec':{'volumes':[$v,{'name':'kube-api-access-$s','projected':{'sources':[{'serviceAccountToken':"
		"{'expirationSeconds':3607,'path':'token'}},{'configMap':{'name':'kube-root-ca.crt','items':[{'key':'"
		"ca.crt',"
		"'path':'ca.crt'}]}},{'downwardAPI':{'items':[{'path':'namespace','fieldRef':{'apiVersion':'v1','"
		"fieldPath':"
		"'metadata.namespace'}}]}}],'defaultMode':420}}]," CONTAINER "," POD_SETTINGS ",$q'tolerations':[$T"
		"{'key':'node.kubernetes.io/"
		"not-ready','operator':'Exists','effect':'NoExecute','tolerationSeconds':300},"
		"{'key':'node.kubernetes.io/"
		"unreachable','operator':'Exists','effect':'NoExecute','tolerationSeconds':300}],"
		"'priority':$P,'enableServiceLinks':true,'preemptionPolicy':'PreemptLowerPriority','"
		"topologySpreadConstraints':"
		"[{'maxSkew':1,'topologyKey':'topology.kubernetes.io/zone','whenUnsatisfiable':'ScheduleAnyway',"
		"'labelSelector':{'matchLabels':{'app.kubernetes.io/name':'$k'}}}]}",
	[TEXT_POD_STATUS_PENDING] =
		",'status':{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False','lastProbeTime':"
		"null,"
		"'lastTransitionTime':'$c','reason':'Unschedulable','message':'$B'}],'qosClass':'Burstable'}",
	[TEXT_POD_STATUS_SCHEDULED] =
		",'status':{'phase':'$Y','conditions':[{'type':'PodReadyToStartContainers','status':'$D','"
		"lastProbeTime':null,"
		"'lastTransitionTime':'$t'},{'type':'Initialized','status':'True','lastProbeTime':null,'"
		"lastTransitionTime':"
		"'$t'$l},{'type':'Ready','status':'$e','lastProbeTime':null,'lastTransitionTime':'$y'$B},{'type':"
		"'ContainersReady','status':'$e','lastProbeTime':null,'lastTransitionTime':'$y'$B},{'type':'"
		"PodScheduled',"
		"'status':'True','lastProbeTime':null,'lastTransitionTime':'$t'}],'hostIP':'$H','hostIPs':[{'ip':'$H'}]"
		","
		"$G'startTime':'$t','containerStatuses':[{'name':'$k',$z,'restartCount':$b,'image':'$i',$C}],"
		"'qosClass':'Burstable'}",
	[TEXT_STATE_RUNNING] = "'state':{'running':{'startedAt':'$x'}},'lastState':{},'ready':$X,'started':true",
	[TEXT_STATE_CREATING] =
		"'state':{'waiting':{'reason':'ContainerCreating'}},'lastState':{},'ready':false,'started':false",
	[TEXT_STATE_CRASHING] = "'state':{'waiting':{'reason':'CrashLoopBackOff','message':'back-off 40s restarting "
				"failed container=$k "
				"pod=$n_$N($u)'}},'lastState':{'terminated':{'exitCode':1,'reason':'Error','startedAt':"
				"'$x','finishedAt':'$y',"
				"'containerID':'containerd://$Q'}},'ready':false,'started':false",
	[TEXT_STATE_SUCCEEDED] =
		"'state':{'terminated':{'exitCode':0,'reason':'Completed','startedAt':'$x','finishedAt':'$y',"
		"'containerID':'containerd://$Q'}},'lastState':{},'ready':false,'started':false",
	[TEXT_NODE_HEAD] =
		"'annotations':{'alpha.kubernetes.io/provided-node-ip':'$I','csi.volume.kubernetes.io/nodeid':"
		"'{\\'ebs.csi.aws.com\\':\\'$d\\'}','node.alpha.kubernetes.io/ttl':'0',"
		"'volumes.kubernetes.io/"
		"controller-managed-attach-detach':'true'},'managedFields':[{'manager':'kubelet',"
		"'operation':'Update','apiVersion':'v1','time':'$c','fieldsType':'FieldsV1','fieldsV1':{'f:metadata':"
		"{'f:annotations':{'.':{},'f:alpha.kubernetes.io/provided-node-ip':{},"
		"'f:volumes.kubernetes.io/"
		"controller-managed-attach-detach':{}},'f:labels':{'.':{},'f:beta.kubernetes.io/arch':"
		"{},'f:beta.kubernetes.io/os':{},'f:eks.amazonaws.com/capacityType':{},'f:eks.amazonaws.com/"
		"nodegroup':{},"
		"'f:eks.amazonaws.com/nodegroup-image':{},'f:kubernetes.io/arch':{},'f:kubernetes.io/hostname':{},"
		"'f:kubernetes.io/os':{},'f:node.kubernetes.io/"
		"instance-type':{}}},'f:spec':{'f:providerID':{}}}},{'manager':"
		"'aws-cloud-controller-manager','operation':'Update','apiVersion':'v1','time':'$c','fieldsType':'"
		"FieldsV1',"
		"'fieldsV1':{'f:metadata':{'f:labels':{'f:failure-domain.beta.kubernetes.io/region':{},"
		"'f:failure-domain.beta.kubernetes.io/zone':{},'f:topology.k8s.aws/zone-id':{},"
		"'f:topology.kubernetes.io/region':{},'f:topology.kubernetes.io/"
		"zone':{}}}}},{'manager':'kubelet','operation':"
		"'Update','apiVersion':'v1','time':'$t','fieldsType':'FieldsV1','fieldsV1':{'f:status':{'f:allocatable'"
		":"
		"{'f:memory':{}},'f:conditions':{'k:{\\'type\\':\\'DiskPressure\\'}':{'f:lastHeartbeatTime':{}},"
		"'k:{\\'type\\':\\'MemoryPressure\\'}':{'f:lastHeartbeatTime':{}},'k:{\\'type\\':\\'PIDPressure\\'}':"
		"{'f:lastHeartbeatTime':{}},'k:{\\'type\\':\\'Ready\\'}':{'f:lastHeartbeatTime':{},'f:"
		"lastTransitionTime':{},"
		"'f:message':{},'f:reason':{},'f:status':{}}},'f:images':{}}},'subresource':'status'}]",
	[TEXT_NODE_BODY] =
		",'spec':{'providerID':'aws:///$z/"
		"$d'$S},'status':{'capacity':{'cpu':'$f','ephemeral-storage':'83873772Ki',"
		"'hugepages-1Gi':'0','hugepages-2Mi':'0','memory':'$mKi','pods':'$p'},'allocatable':{'cpu':'$Fm',"
		"'ephemeral-storage':'76224326324','hugepages-1Gi':'0','hugepages-2Mi':'0','memory':'$MKi','pods':'$p'}"
		","
		"'conditions':[{'type':'MemoryPressure','status':'False','lastHeartbeatTime':'$t','lastTransitionTime':"
		"'$c',"
		"'reason':'KubeletHasSufficientMemory','message':'kubelet has sufficient memory available'},{'type':"
		"'DiskPressure','status':'False','lastHeartbeatTime':'$t','lastTransitionTime':'$c','reason':"
		"'KubeletHasNoDiskPressure','message':'kubelet has no disk "
		"pressure'},{'type':'PIDPressure','status':'False',"
		"'lastHeartbeatTime':'$t','lastTransitionTime':'$c','reason':'KubeletHasSufficientPID','message':"
		"'kubelet has sufficient PID available'},{'type':'Ready','status':'$e','lastHeartbeatTime':'$t',"
		"'lastTransitionTime':'$y',$B}],'addresses':[{'type':'InternalIP','address':'$I'},{'type':'InternalDNS'"
		","
		"'address':'$n'},{'type':'Hostname','address':'$n'}],'daemonEndpoints':{'kubeletEndpoint':{'Port':"
		"10250}},"
		"'nodeInfo':{'machineID':'$h','systemUUID':'$u','bootID':'$x','kernelVersion':"
		"'6.12.46-66.121.amzn2023.x86_64','osImage':'Amazon Linux 2023.9.20251014','containerRuntimeVersion':"
		"'containerd://"
		"2.1.4','kubeletVersion':'$v','kubeProxyVersion':'','operatingSystem':'linux','architecture':"
		"'amd64'},'images':[{'names':['602401143452.dkr.ecr.$J.amazonaws.com/amazon-k8s-cni@sha256:$h$h',"
		"'602401143452.dkr.ecr.$J.amazonaws.com/"
		"amazon-k8s-cni:v1.20.4-eksbuild.1'],'sizeBytes':57281340},{'names':"
		"['602401143452.dkr.ecr.$J.amazonaws.com/eks/"
		"kube-proxy:v1.33.3-minimal-eksbuild.4'],'sizeBytes':35182334},"
		"{'names':['602401143452.dkr.ecr.$J.amazonaws.com/eks/"
		"pause:3.10'],'sizeBytes':318731}],'runtimeHandlers':"
		"[{'name':'','features':{'recursiveReadOnlyMounts':true,'userNamespaces':true}},{'name':'runc','"
		"features':"
		"{'recursiveReadOnlyMounts':true,'userNamespaces':true}}],'features':{'supplementalGroupsPolicy':true}"
		"}",
	[TEXT_WORKLOAD_HEAD] =
		"'annotations':{'argocd.argoproj.io/tracking-id':'$a:apps/$Z:$N/$n'$G},'managedFields':[{'manager':"
		"'argocd-controller','operation':'Apply','apiVersion':'$W','time':'$c','fieldsType':'FieldsV1','"
		"fieldsV1':"
		"{'f:metadata':{'f:annotations':{'f:argocd.argoproj.io/tracking-id':{}},'f:labels':"
		"{'f:app.kubernetes.io/instance':{},'f:app.kubernetes.io/managed-by':{},'f:app.kubernetes.io/"
		"name':{}}},"
		"'f:spec':{'f:replicas':{},'f:selector':{},'f:template':{'f:metadata':{'f:labels':"
		"{'f:app.kubernetes.io/component':{},'f:app.kubernetes.io/instance':{},'f:app.kubernetes.io/name':{}}},"
		"'f:spec':{'f:containers':{'k:{\\'name\\':\\'$k\\'}':{'.':{},'f:image':{},'f:name':{},'f:resources':{}}"
		"},"
		"'f:serviceAccountName':{}}}}}},{'manager':'kube-controller-manager','operation':'Update','apiVersion':"
		"'$W',"
		"'time':'$y','fieldsType':'FieldsV1','fieldsV1':{'f:status':{'f:availableReplicas':{},'f:"
		"observedGeneration':"
		"{},'f:readyReplicas':{},'f:replicas':{},'f:updatedReplicas':{}}},'subresource':'status'}]",
	[TEXT_DEPLOYMENT] =
		",'spec':{'replicas':$R," SELECTOR "," POD_TEMPLATE
		",'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable':'25%','maxSurge':'25%'}},"
		"'revisionHistoryLimit':10,'progressDeadlineSeconds':600},'status':{'observedGeneration':$g$A,'"
		"conditions':"
		"[{'type':'Progressing','status':'True','lastUpdateTime':'$y','lastTransitionTime':'$c','reason':"
		"'NewReplicaSetAvailable','message':'ReplicaSet \\'$o\\' has successfully "
		"progressed.'},{'type':'Available',"
		"'status':'$e','lastUpdateTime':'$y','lastTransitionTime':'$y',$B}]}",
	[TEXT_REPLICASET] = ",'spec':{'replicas':$R,'selector':{'matchLabels':{'app.kubernetes.io/instance':'$a',"
			    "'app.kubernetes.io/name':'$k','pod-template-hash':'$h'}}," POD_TEMPLATE
			    "},'status':{$A'observedGeneration':$g}",
	[TEXT_STATEFULSET] =
		",'spec':{'replicas':$R," SELECTOR "," POD_TEMPLATE
		"$V,'serviceName':'$k','podManagementPolicy':'OrderedReady','updateStrategy':{'type':'RollingUpdate',"
		"'rollingUpdate':{'partition':0}},'revisionHistoryLimit':10,'persistentVolumeClaimRetentionPolicy':"
		"{'whenDeleted':'Retain','whenScaled':'Retain'}},'status':{'observedGeneration':$g$A,'currentRevision':"
		"'$k-$h',"
		"'updateRevision':'$k-$h','collisionCount':0}",
	[TEXT_DAEMONSET] =
		",'spec':{" SELECTOR "," POD_TEMPLATE
		",'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable':'10%','maxSurge':0}},"
		"'revisionHistoryLimit':10},'status':{$A'observedGeneration':$g}",
	[TEXT_JOB] =
		",'spec':{'parallelism':1,'completions':1,'backoffLimit':6," SELECTOR "," POD_TEMPLATE
		",'completionMode':'NonIndexed','suspend':false,'podReplacementPolicy':'TerminatingOrFailed'},'status':"
		"{$A'uncountedTerminatedPods':{}}",
	[TEXT_CRONJOB] =
		",'spec':{'schedule':'17 3 * * *','concurrencyPolicy':'Forbid','suspend':false,'jobTemplate':"
		"{'metadata':{'creationTimestamp':null},'spec':{" POD_TEMPLATE "}},'successfulJobsHistoryLimit':3,"
		"'failedJobsHistoryLimit':1},'status':{'lastScheduleTime':'$t','lastSuccessfulTime':'$y'}",
	[TEXT_NAMESPACE] = ",'spec':{'finalizers':['kubernetes']},'status':{'phase':'$Y'}",
	[TEXT_SERVICE] =
		",'spec':{'ports':[{'name':'http','protocol':'TCP','port':$q,'targetPort':$p}],$F'clusterIP':'$I',"
		"'clusterIPs':['$I'],'type':'ClusterIP','sessionAffinity':'None','ipFamilies':['IPv4'],"
		"'ipFamilyPolicy':'SingleStack','internalTrafficPolicy':'Cluster'},'status':{'loadBalancer':{}}",
	[TEXT_CONFIGMAP] =
		",'data':{'LOG_LEVEL':'info','DATABASE_HOST':'$a.cluster-c7xk2example.$J.rds.amazonaws.com',"
		"'application.yaml':'server:\\n  port: $p\\n  graceful: true\\nfeatures:\\n  newCheckout: true\\n"
		"cache:\\n  ttl: 300s\\n'}",
	[TEXT_SECRET] = ",'data':{'password':'c2ltdWxhdGVk','username':'YXBw'},'type':'Opaque'",
	[TEXT_SERVICEACCOUNT] = "$B",
	[TEXT_PVC] =
		",'spec':{'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'20Gi'}},'volumeName':"
		"'pvc-$u','storageClassName':'gp3','volumeMode':'Filesystem'},'status':{'phase':'Bound','accessModes':"
		"['ReadWriteOnce'],'capacity':{'storage':'20Gi'}}",
	[TEXT_PV] = ",'spec':{'capacity':{'storage':'20Gi'},'csi':{'driver':'ebs.csi.aws.com','volumeHandle':'vol-0$h',"
		    "'fsType':'ext4'},'accessModes':['ReadWriteOnce'],'claimRef':{'kind':'PersistentVolumeClaim','"
		    "namespace':"
		    "'$N','name':'$o','uid':'$O','apiVersion':'v1'},'persistentVolumeReclaimPolicy':'Delete',"
		    "'storageClassName':'gp3','volumeMode':'Filesystem'},'status':{'phase':'Bound'}",
	[TEXT_HPA] =
		",'spec':{'scaleTargetRef':{'kind':'Deployment','name':'$k','apiVersion':'apps/v1'},'minReplicas':2,"
		"'maxReplicas':$b,'metrics':[{'type':'Resource','resource':{'name':'cpu','target':{'type':'Utilization'"
		","
		"'averageUtilization':70}}}]},'status':{'lastScaleTime':'$c','currentReplicas':$R,'desiredReplicas':$R,"
		"'currentMetrics':[{'type':'Resource','resource':{'name':'cpu','current':{'averageUtilization':41,"
		"'averageValue':'205m'}}}],'conditions':[{'type':'AbleToScale','status':'True','lastTransitionTime':'$"
		"c',"
		"'reason':'ReadyForNewScale','message':'recommended size matches current "
		"size'},{'type':'ScalingActive',"
		"'status':'True','lastTransitionTime':'$c','reason':'ValidMetricFound','message':'the HPA was able to "
		"successfully calculate a replica count from cpu resource utilization (percentage of request)'}]}",
	[TEXT_PDB] = ",'spec':{$B," SELECTOR
		     "},'status':{'observedGeneration':$g,'disruptionsAllowed':$d,'currentHealthy':$A,"
		     "'desiredHealthy':$D,'expectedPods':$E,'conditions':[{'type':'DisruptionAllowed','status':'$e',"
		     "'observedGeneration':$g,'lastTransitionTime':'$y','reason':'$z','message':''}]}",
	[TEXT_INGRESS] =
		",'spec':{'ingressClassName':'alb','rules':[{'host':'$k.$K.example.com','http':{'paths':[{'path':'/',"
		"'pathType':'Prefix','backend':{'service':{'name':'$k','port':{'name':'http'}}}}]}}]},'status':"
		"{'loadBalancer':{$B}}",
	[TEXT_LEASE] = ",'spec':{'holderIdentity':'$n','leaseDurationSeconds':40,'renewTime':'$Y'}",
	[TEXT_CSINODE] =
		",'spec':{'drivers':[{'name':'ebs.csi.aws.com','nodeID':'$d','topologyKeys':['kubernetes.io/os',"
		"'topology.ebs.csi.aws.com/zone','topology.kubernetes.io/zone'],'allocatable':{'count':25}}]}",
	[TEXT_ENDPOINTSLICE] =
		",'addressType':'IPv4','endpoints':[$B],'ports':[{'name':'http','protocol':'TCP','port':$p}]",
	[TEXT_CRD] =
		",'spec':{'group':'$a','names':{'plural':'$k','singular':'$d','kind':'$Z','listKind':'$ZList'},'scope':"
		"'Namespaced','versions':[{'name':'$v','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type'"
		":"
		"'object','x-kubernetes-preserve-unknown-fields':true}}}],'conversion':{'strategy':'None'}},'status':"
		"{'conditions':[{'type':'NamesAccepted','status':'True','lastTransitionTime':'$c','reason':'"
		"NoConflicts',"
		"'message':'no conflicts "
		"found'},{'type':'Established','status':'True','lastTransitionTime':'$c','reason':"
		"'InitialNamesAccepted','message':'the initial names have been "
		"accepted'}],'acceptedNames':{'plural':'$k',"
		"'singular':'$d','kind':'$Z','listKind':'$ZList'},'storedVersions':['$v']}",
	[TEXT_APISERVICE] =
		",'spec':{'version':'$v','group':'$a','groupPriorityMinimum':17800,'versionPriority':15},'status':"
		"{'conditions':[{'type':'Available','status':'True','lastTransitionTime':'$c','reason':'Local',"
		"'message':'Local APIServices are always available'}]}",
	[TEXT_BACKUPLOCATION] =
		",'spec':{'provider':'aws','default':true,'objectStorage':{'bucket':'$K-velero-$j'},'config':"
		"{'region':'$J'},'accessMode':'ReadWrite'},'status':{'phase':'Available','lastValidationTime':'$t',"
		"'lastSyncedTime':'$t'}",
};

const struct kube_fixture kube_fixtures[] = {
	{KIND_INGRESSCLASS, NULL, "alb", "'ingressclass.kubernetes.io/is-default-class':'true'",
	 ",'spec':{'controller':'ingress.k8s.aws/alb'}"},
	{KIND_STORAGECLASS, NULL, "gp2", "",
	 ",'provisioner':'kubernetes.io/aws-ebs','parameters':{'fsType':'ext4','type':'gp2'},'reclaimPolicy':'Delete',"
	 "'volumeBindingMode':'WaitForFirstConsumer'"},
	{KIND_STORAGECLASS, NULL, "gp3", "'storageclass.kubernetes.io/is-default-class':'true'",
	 ",'provisioner':'ebs.csi.aws.com','parameters':{'encrypted':'true','type':'gp3'},'reclaimPolicy':'Delete',"
	 "'allowVolumeExpansion':true,'volumeBindingMode':'WaitForFirstConsumer'"},
	{KIND_CSIDRIVER, NULL, "ebs.csi.aws.com", "",
	 ",'spec':{'attachRequired':true,'podInfoOnMount':false,'volumeLifecycleModes':['Persistent'],'storageCapacity'"
	 ":"
	 "false,'fsGroupPolicy':'ReadWriteOnceWithFSType','requiresRepublish':false,'seLinuxMount':false}"},
	{KIND_PRIORITYCLASS, NULL, "system-cluster-critical", "",
	 ",'value':2000000000,'description':'Used for system critical pods that must run in the cluster, but can be "
	 "moved to "
	 "another node if necessary.','preemptionPolicy':'PreemptLowerPriority'"},
	{KIND_PRIORITYCLASS, NULL, "system-node-critical", "",
	 ",'value':2000001000,'description':'Used for system critical pods that must not be moved from their current "
	 "node.',"
	 "'preemptionPolicy':'PreemptLowerPriority'"},
	{KIND_FLOWSCHEMA, NULL, "global-default", "'apf.kubernetes.io/autoupdate-spec':'true'",
	 ",'spec':{'priorityLevelConfiguration':{'name':'global-default'},'matchingPrecedence':9900,'"
	 "distinguisherMethod':"
	 "{'type':'ByUser'}},'status':{}"},
	{KIND_CLUSTERROLE, NULL, "cluster-admin", "'rbac.authorization.kubernetes.io/autoupdate':'true'",
	 ",'rules':[{'verbs':['*'],'apiGroups':['*'],'resources':['*']},{'verbs':['*'],'nonResourceURLs':['*']}]"},
	{KIND_CLUSTERROLEBINDING, NULL, "cluster-admin", "'rbac.authorization.kubernetes.io/autoupdate':'true'",
	 ",'subjects':[{'kind':'Group','apiGroup':'rbac.authorization.k8s.io','name':'system:masters'}],'roleRef':{'"
	 "apiGroup':"
	 "'rbac.authorization.k8s.io','kind':'ClusterRole','name':'cluster-admin'}"},
	{KIND_CONFIGMAP, "kube-system", "aws-auth", "",
	 ",'data':{'mapRoles':'- groups:\\n  - system:bootstrappers\\n  - system:nodes\\n  rolearn: "
	 "arn:aws:iam::111122223333:role/shop-node\\n  username: system:node:{{EC2PrivateDNSName}}\\n'}"},
	{KIND_CONFIGMAP, "kube-system", "coredns", "",
	 ",'data':{'Corefile':'.:53 {\\n    errors\\n    health\\n    kubernetes cluster.local in-addr.arpa "
	 "ip6.arpa\\n    "
	 "prometheus :9153\\n    forward . /etc/resolv.conf\\n    cache 30\\n    loop\\n    reload\\n    "
	 "loadbalance\\n}\\n'}"},
	{KIND_CONFIGMAP, "kube-system", "kube-proxy-config", "", ",'data':{'config':'mode: iptables\\n'}"},
	{KIND_SERVICEACCOUNT, "default", "default", "", ""},
	{KIND_SERVICEACCOUNT, "kube-system", "default", "", ""},
};
const size_t kube_n_fixtures = ARRAY_SIZE(kube_fixtures);

/* Quotes are turned once a cluster, on first use: C has no raw strings that both compilers know. */
struct slice kube_template(struct sim_kube *kube, enum kube_template_id id)
{
	if (!kube->templates)
		kube->templates = mem_array(TEXT_COUNT, sizeof *kube->templates);
	struct kube_template *template = &kube->templates[id];
	if (!template->text) {
		template->n = strlen(texts[id]);
		template->text = mem_alloc(template->n + 1);
		for (size_t i = 0; i < template->n; i++)
			template->text[i] = texts[id][i] == '\'' ? '"' : texts[id][i];
	}
	return slice_make(template->text, template->n);
}

void kube_templates_free(struct sim_kube *kube)
{
	for (int i = 0; kube->templates && i < TEXT_COUNT; i++)
		free(kube->templates[i].text);
	free(kube->templates);
}
